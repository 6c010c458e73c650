using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace Duetime.Tests
{
    /// <summary>The source tree, somewhere below whose root the tests are built.</summary>
    internal static class Project
    {
        internal static string Root
        {
            get
            {
                var directory = new DirectoryInfo(AppDomain.CurrentDomain.BaseDirectory);
                while (!Directory.Exists(Path.Combine(directory.FullName, "tests", "data")))
                {
                    directory = directory.Parent ?? throw new DirectoryNotFoundException("there is no tests/data above");
                }
                return directory.FullName;
            }
        }

        /// <summary>A program that must succeed; its arguments have no quotes.</summary>
        internal static void Run(string program, params string[] arguments)
        {
            string line = string.Join(" ", arguments.Select(argument => "\"" + argument + "\""));
            using (Process process = Process.Start(new ProcessStartInfo(program, line) { UseShellExecute = false }))
            {
                process.WaitForExit();
                Assert.AreEqual(0, process.ExitCode, program + " " + line);
            }
        }
    }
}
