// A signal that is aborted before: the body is used, its stream is cancelled.
const out = {};
const gone = AbortSignal.abort('why');
const text = new Request('http://h/', { method: 'POST', body: 'x', signal: gone });
out.text = [await fetch(text).catch(e => e), text.bodyUsed];
let cancelled = 'no';
const stream = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(9)) }, cancel(r) { cancelled = r } });
out.stream = [await fetch('http://h/', { method: 'POST', body: stream, duplex: 'half', signal: gone }).catch(e => e), cancelled];
return out;
