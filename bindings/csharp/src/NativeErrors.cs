using System;
using System.Runtime.InteropServices;

namespace Duetime
{
    /// <summary>Tells the native library how a failed call leaves its exception; the plain layer throws it.</summary>
    internal sealed class NativeErrors
    {
        [UnmanagedFunctionPointer(CallingConvention.StdCall)]
        private delegate void Raise(int status, IntPtr message);

        private static readonly Raise SetPending = (status, message) =>
            NativePINVOKE.SWIGPendingException.Set(new DuetimeException((ErrorCode)status, Utf8.Read(message)));

        [DllImport("duetimecs")]
        private static extern void DuetimeRegisterRaise(Raise raise);

        internal NativeErrors()
        {
            DuetimeRegisterRaise(SetPending);
        }
    }
}
