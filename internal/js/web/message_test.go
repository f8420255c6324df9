package web

import "testing"

func TestMessageScripts(t *testing.T) { runCases(t, "message") }

// A message that takes its own receiver along is lost, and one that a port was
// sent before it was transferred again waits in the next port.
func TestMessagePortMoves(t *testing.T) {
	got := run(t, `
		const a = new MessageChannel(), b = new MessageChannel(), c = new MessageChannel();
		a.port1.postMessage('lost', [a.port2]);
		a.port1.postMessage('nobody hears');
		const first = new Promise(r => b.port2.onmessage = r);
		c.port1.postMessage('kept');
		b.port1.postMessage(null, [c.port2]);
		const moved = (await first).ports[0];
		const second = new Promise(r => b.port2.onmessage = r);
		b.port1.postMessage(moved, [moved]);
		const again = (await second).data;
		const text = await new Promise(r => again.onmessage = e => r(e.data));
		return [text, again !== moved, outcome(() => b.port1.postMessage(1, [moved])), outcome(() => moved.postMessage('x'))]`)
	if want := `["kept",true,"DataCloneError: MessagePort was transferred already",null]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Listeners run in the context that the channel was made in.
func TestMessageContext(t *testing.T) {
	got := run(t, `
		const als = new AsyncLocalStorage();
		const ch = als.run('maker', () => new MessageChannel());
		return await als.run('poster', () => new Promise(r => {
			ch.port1.onmessage = e => r([als.getStore(), e.isTrusted]);
			ch.port2.postMessage(1);
		}))`)
	if want := `["maker",true]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A transferred stream is no port of its event, and a byte stream's chunks are
// cloned whole: in both Node 20 differs from the standards.
func TestMessageStream(t *testing.T) {
	got := run(t, `
		const { port1, port2 } = new MessageChannel();
		const rs = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2, 3])); c.close() } });
		const arrived = new Promise(r => port2.onmessage = r);
		port1.postMessage(rs, [rs]);
		const e = await arrived, reader = e.data.getReader();
		const one = await reader.read(), two = await reader.read();
		const plain = outcome(() => structuredClone(new TransformStream()));
		return [e.ports.length, [...one.value], two.done, plain]`)
	if want := `[0,[1,2,3],true,"DataCloneError: #<TransformStream> could not be cloned."]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
