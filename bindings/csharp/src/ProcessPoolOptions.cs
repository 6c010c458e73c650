using System;
using System.Collections.Generic;

namespace Duetime
{
    /// <summary>An executor whose workers are processes: programs of any language (docs/worker_protocol.md).</summary>
    public sealed class ProcessPoolOptions
    {
        /// <summary>The program, which is looked up in PATH, and its arguments.</summary>
        public ProcessPoolOptions(params string[] command)
        {
            Command = Arguments.Given(command, nameof(command));
        }

        /// <summary>The program and its arguments.</summary>
        public IReadOnlyList<string> Command { get; }

        /// <summary>At most so many processes, 1 to 1,000; they start when they are needed.</summary>
        public int Workers { get; set; } = 10;

        /// <summary>Bytes that each worker is told first.</summary>
        public byte[] Setup { get; set; } = new byte[0];

        /// <summary>A worker is replaced after so many runs; 0: never.</summary>
        public long MaxTasksPerChild { get; set; }

        /// <summary>Of a run, whose worker is killed; zero: none.</summary>
        public TimeSpan Timeout { get; set; }

        internal NativeProcessPoolOptions ToNative()
        {
            byte[] setup = Arguments.Given(Setup, nameof(Setup));
            var native = new NativeProcessPoolOptions();
            native.argv = Arguments.Texts(Command, nameof(Command));
            native.workers = Arguments.Natural(Workers, nameof(Workers));
            native.set_setup(setup, (uint)setup.Length);
            native.max_tasks_per_child = Arguments.Natural(MaxTasksPerChild, nameof(MaxTasksPerChild));
            native.timeout = Micros.Of(Timeout);
            return native;
        }
    }
}
