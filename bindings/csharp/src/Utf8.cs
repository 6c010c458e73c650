using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Duetime
{
    /// <summary>Text as the engine has it: UTF-8 that ends with NUL.</summary>
    internal static class Utf8
    {
        [DllImport("duetimecs")]
        private static extern void DuetimeFreeText(IntPtr text);

        /// <summary>A NUL inside would cut the text short and is refused.</summary>
        internal static void Check(string text)
        {
            int nul = text.IndexOf('\0');
            if (nul >= 0)
            {
                throw new ArgumentException("got a NUL after \"" + text.Substring(0, nul) + "\", expected text without");
            }
        }

        /// <summary>null stays null.</summary>
        internal static byte[] ToNative(string text)
        {
            if (text == null)
            {
                return null;
            }
            Check(text);
            return Encoding.UTF8.GetBytes(text + "\0");
        }

        internal static string Read(IntPtr text)
        {
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                ++length;
            }
            byte[] bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>Reads and frees.</summary>
        internal static string Take(IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return null;
            }
            try
            {
                return Read(text);
            }
            finally
            {
                DuetimeFreeText(text);
            }
        }
    }
}
