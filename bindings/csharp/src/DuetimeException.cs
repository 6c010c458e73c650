using System;

namespace Duetime
{
    /// <summary>What kind of failure a <see cref="DuetimeException"/> tells of. Newer engines may answer with values
    /// that are not listed here.</summary>
    public enum ErrorCode
    {
        InvalidArgument = -1,
        NotFound = -2,
        Conflict = -3,
        AlreadyRunning = -4,
        NotRunning = -5,
        StoreUnavailable = -6,
        StoreFull = -7,
        StoreCorrupt = -8,
        NewerVersion = -9,
        Timeout = -10,
        Forked = -11,
        StaleHandle = -12,
        Callback = -13,
        Unsupported = -14,
        NoMemory = -15,
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

        public ErrorCode Code { get; }
    }
}
