namespace Duetime
{
    /// <summary>What a task gets: bytes and how to read them. Nodes of all languages read "json" payloads of the form
    /// {"args": [...], "kwargs": {...}} (docs/job_document.md). It does not change.</summary>
    public sealed class Payload
    {
        private readonly byte[] data;

        /// <summary>The bytes are copied.</summary>
        public Payload(string encoding, byte[] data)
        {
            Encoding = Arguments.Given(encoding, nameof(encoding));
            this.data = (byte[])Arguments.Given(data, nameof(data)).Clone();
        }

        /// <summary>No arguments.</summary>
        public static Payload None { get; } = new Payload("none", new byte[0]);

        /// <summary>A JSON document.</summary>
        public static Payload Json(string document)
        {
            return new Payload("json", System.Text.Encoding.UTF8.GetBytes(Arguments.Given(document, nameof(document))));
        }

        /// <summary>"json", "none" or a name that the program chose.</summary>
        public string Encoding { get; }

        /// <summary>A copy of the bytes.</summary>
        public byte[] Data => (byte[])data.Clone();

        /// <summary>The bytes read as UTF-8.</summary>
        public string Text => System.Text.Encoding.UTF8.GetString(data);

        /// <summary>Not a copy: for those who only read.</summary>
        internal byte[] Bytes => data;
    }
}
