using System;

namespace Duetime
{
    /// <summary>What kind of failure a <see cref="DuetimeException"/> tells of. Newer engines may answer with values
    /// that are not listed here.</summary>
    public enum ErrorCode
    {
        /// <summary>A value that could never be right.</summary>
        InvalidArgument = -1,

        /// <summary>No job, store, executor, task or zone of that name.</summary>
        NotFound = -2,

        /// <summary>The id or alias is taken.</summary>
        Conflict = -3,

        /// <summary>The scheduler runs.</summary>
        AlreadyRunning = -4,

        /// <summary>The scheduler does not run.</summary>
        NotRunning = -5,

        /// <summary>Nothing happened; the same call may work later.</summary>
        StoreUnavailable = -6,

        /// <summary>Nothing of the call was kept.</summary>
        StoreFull = -7,

        /// <summary>File or schema is not what it should be; left untouched.</summary>
        StoreCorrupt = -8,

        /// <summary>Written by a newer duetime; left untouched.</summary>
        NewerVersion = -9,

        /// <summary>The deadline passed; whether it took effect is unknown.</summary>
        Timeout = -10,

        /// <summary>The object belongs to the parent process.</summary>
        Forked = -11,

        /// <summary>Another thread disposed it meanwhile.</summary>
        StaleHandle = -12,

        /// <summary>What the program gave failed, or gave a run back.</summary>
        Callback = -13,

        /// <summary>Not of this store, trigger or mode.</summary>
        Unsupported = -14,

        /// <summary>There is no room.</summary>
        NoMemory = -15,

        /// <summary>A fault of the engine.</summary>
        Internal = -16,

        /// <summary>As many runs of the job as it allows are under way.</summary>
        MaxInstances = -17
    }

    /// <summary>A call of the engine failed. The message names the value and what was expected.</summary>
    public sealed class DuetimeException : Exception
    {
        internal DuetimeException(ErrorCode code, string message) : base(message)
        {
            Code = code;
        }

        /// <summary>What kind of failure it is.</summary>
        public ErrorCode Code { get; }
    }
}
