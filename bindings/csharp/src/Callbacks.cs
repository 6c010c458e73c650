using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Duetime
{
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeRelease(IntPtr userData);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NativeTask(IntPtr userData, IntPtr call);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NativeTaskResolver(IntPtr userData, IntPtr name, out IntPtr task, out IntPtr taskData,
        out IntPtr release);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeListener(IntPtr userData, IntPtr happened);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void NativeLog(IntPtr userData, int level, IntPtr logger, IntPtr message);

    /// <summary>Compilers ahead of time look for it, by this name, at what native code calls.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        internal MonoPInvokeCallbackAttribute(Type type)
        {
            Type = type;
        }

        internal Type Type { get; }
    }

    /// <summary>What the engine calls: one function of each kind, with user data that says which object it is for. The
    /// functions are static, so that no collection takes them; the objects are held by the engine, from Give() until it
    /// calls Release. No exception leaves them: it would unwind through native frames.</summary>
    internal static class Callbacks
    {
        internal static readonly NativeRelease Release = OnRelease;
        internal static readonly NativeTask RunTask = OnTask;
        internal static readonly NativeTaskResolver ResolveTask = OnResolve;
        internal static readonly NativeListener Tell = OnEvent;
        internal static readonly NativeLog WriteLog = OnLog;

        private static readonly IntPtr RunTaskPointer = Marshal.GetFunctionPointerForDelegate(RunTask);
        private static readonly IntPtr ReleasePointer = Marshal.GetFunctionPointerForDelegate(Release);

        /// <summary>The process ends: listeners and logs are called no more.</summary>
        internal static volatile bool AreOver;

        /// <summary>User data for the engine, which releases it once, also if the call fails that it is given to.
        /// </summary>
        internal static IntPtr Give(object receiver)
        {
            return GCHandle.ToIntPtr(GCHandle.Alloc(receiver));
        }

        private static T ReceiverOf<T>(IntPtr userData)
        {
            return (T)GCHandle.FromIntPtr(userData).Target;
        }

        /// <summary>An abort is thrown again at the end of whatever catches it. The thread is the engine's, or is in
        /// the midst of it, and must go on.</summary>
        private static void Contain(Exception exception)
        {
            if (exception is ThreadAbortException)
            {
                Thread.ResetAbort();
            }
        }

        [MonoPInvokeCallback(typeof(NativeRelease))]
        private static void OnRelease(IntPtr userData)
        {
            GCHandle.FromIntPtr(userData).Free();
        }

        [MonoPInvokeCallback(typeof(NativeTask))]
        private static int OnTask(IntPtr userData, IntPtr call)
        {
            try
            {
                return ReceiverOf<RegisteredTask>(userData).Run(call);
            }
            catch (Exception exception)
            {
                Contain(exception);
                return TaskAnswer.Failed; // the task has said why, if it could
            }
        }

        [MonoPInvokeCallback(typeof(NativeTaskResolver))]
        private static int OnResolve(IntPtr userData, IntPtr name, out IntPtr task, out IntPtr taskData,
            out IntPtr release)
        {
            task = RunTaskPointer;
            taskData = IntPtr.Zero;
            release = ReleasePointer;
            try
            {
                RegisteredTask found = ReceiverOf<RegisteredResolver>(userData).Find(Utf8.Read(name));
                taskData = found == null ? IntPtr.Zero : Give(found);
            }
            catch (Exception exception)
            {
                Contain(exception); // as if it were unknown
            }
            return taskData == IntPtr.Zero ? 0 : 1;
        }

        [MonoPInvokeCallback(typeof(NativeListener))]
        private static void OnEvent(IntPtr userData, IntPtr happened)
        {
            try
            {
                if (!AreOver)
                {
                    ReceiverOf<RegisteredListener>(userData).Hear(happened);
                }
            }
            catch (Exception exception)
            {
                Contain(exception); // it has reported what it could
            }
        }

        [MonoPInvokeCallback(typeof(NativeLog))]
        private static void OnLog(IntPtr userData, int level, IntPtr logger, IntPtr message)
        {
            try
            {
                if (!AreOver)
                {
                    ReceiverOf<LogSink>(userData)((LogLevel)level, Utf8.Read(logger), Utf8.Read(message));
                }
            }
            catch (Exception exception)
            {
                Contain(exception); // dropped, as LogSink says
            }
        }
    }
}
