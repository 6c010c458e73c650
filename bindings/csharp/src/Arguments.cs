using System;
using System.Collections.Generic;

namespace Duetime
{
    /// <summary>What callers gave, checked.</summary>
    internal static class Arguments
    {
        internal static T Given<T>(T value, string parameter) where T : class
        {
            return value ?? throw new ArgumentNullException(parameter);
        }

        /// <summary>As the engine counts.</summary>
        internal static ulong Natural(long value, string parameter)
        {
            return value >= 0 ? (ulong)value : throw Negative(value, parameter);
        }

        internal static uint Natural(int value, string parameter)
        {
            return value >= 0 ? (uint)value : throw Negative(value, parameter);
        }

        private static Exception Negative(long value, string parameter)
        {
            return new ArgumentOutOfRangeException(parameter, value, "expected at least 0");
        }

        internal static NativeTexts Texts(IEnumerable<string> texts, string parameter)
        {
            var list = new NativeTexts();
            foreach (string text in Given(texts, parameter))
            {
                list.Add(Given(text, parameter));
            }
            return list;
        }
    }
}
