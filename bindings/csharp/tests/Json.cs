using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Duetime.Tests
{
    /// <summary>A value of a table, with the text that it was read from. Reads what is known to be JSON, on every .NET
    /// and without a package.</summary>
    internal sealed class Json
    {
        internal string Source { get; private set; }
        internal string Text { get; private set; } // of a string
        internal List<Json> Items { get; } = new List<Json>();
        internal Dictionary<string, Json> Members { get; } = new Dictionary<string, Json>();

        internal bool IsNull => Source == "null";
        internal Json this[string name] => Members[name];

        internal static Json Parse(string text)
        {
            return new Reader(text).Value();
        }

        /// <summary>The rows of one table of tests/data.</summary>
        internal static List<Json> Rows(string file, string table = "rules")
        {
            return Parse(File.ReadAllText(Path.Combine(Project.Root, "tests", "data", file), Encoding.UTF8))[table].Items;
        }

        private sealed class Reader
        {
            private readonly string text;
            private int at;

            internal Reader(string text)
            {
                this.text = text;
            }

            internal Json Value()
            {
                SkipBlanks();
                int start = at;
                var value = new Json();
                switch (text[at])
                {
                    case '{':
                        Sequence('}', () => Member(value));
                        break;
                    case '[':
                        Sequence(']', () => value.Items.Add(Value()));
                        break;
                    case '"':
                        value.Text = String();
                        break;
                    default:
                        Word();
                        break;
                }
                value.Source = text.Substring(start, at - start);
                return value;
            }

            private void Member(Json owner)
            {
                SkipBlanks();
                string name = String();
                SkipBlanks();
                ++at; // the colon
                owner.Members[name] = Value();
            }

            private void Sequence(char end, Action element)
            {
                ++at;
                for (SkipBlanks(); text[at] != end; SkipBlanks())
                {
                    element();
                    SkipBlanks();
                    if (text[at] == ',')
                    {
                        ++at;
                    }
                }
                ++at;
            }

            private string String()
            {
                var result = new StringBuilder();
                for (++at; text[at] != '"'; ++at)
                {
                    result.Append(text[at] == '\\' ? Escaped() : text[at]);
                }
                ++at;
                return result.ToString();
            }

            private char Escaped()
            {
                char letter = text[++at];
                if (letter == 'u')
                {
                    at += 4;
                    return (char)int.Parse(text.Substring(at - 3, 4), NumberStyles.HexNumber);
                }
                int simple = "nrtbf".IndexOf(letter);
                return simple < 0 ? letter : "\n\r\t\b\f"[simple];
            }

            private void Word()
            {
                while (at < text.Length && ",]} \r\n\t".IndexOf(text[at]) < 0)
                {
                    ++at;
                }
            }

            private void SkipBlanks()
            {
                while (char.IsWhiteSpace(text[at]))
                {
                    ++at;
                }
            }
        }
    }
}
