using System;

namespace Duetime
{
    /// <summary>What a task throws that cannot read its arguments: the run is given back as if it had not been started,
    /// for another node to try, and the job is parked on this one with the message.</summary>
    public sealed class CannotRunException : Exception
    {
        /// <summary>The message becomes the reason of the parked job.</summary>
        public CannotRunException(string message) : base(message)
        {
        }

        /// <summary>With what was met when the arguments were read.</summary>
        public CannotRunException(string message, Exception cause) : base(message, cause)
        {
        }
    }
}
