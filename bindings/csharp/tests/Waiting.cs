using System;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Duetime.Tests
{
    internal static class Waiting
    {
        internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        internal static void For(ManualResetEventSlim happened, string what)
        {
            Assert.IsTrue(happened.Wait(Patience), "waited in vain for " + what);
        }

        /// <summary>For what nobody tells: asked again and again.</summary>
        internal static void Until(Func<bool> condition, string what)
        {
            Assert.IsTrue(SpinWait.SpinUntil(condition, Patience), "waited in vain for " + what);
        }

        internal static T ResultOf<T>(Task<T> task)
        {
            Assert.IsTrue(((IAsyncResult)task).AsyncWaitHandle.WaitOne(Patience), "waited in vain for a task");
            return task.GetAwaiter().GetResult();
        }
    }
}
