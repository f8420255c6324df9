import { createUIMessageStream, createUIMessageStreamResponse, generateText, simulateReadableStream, streamText, tool } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { z } from 'zod'

const usage = { inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 2, text: 2, reasoning: 0 } }
const finishReason = { unified: 'stop', raw: 'stop' }
const model = () => new MockLanguageModelV3({
  doGenerate: async () => ({ finishReason, usage, warnings: [], content: [{ type: 'text', text: 'hello there' }] }),
  doStream: async () => ({
    stream: simulateReadableStream({ initialDelayInMs: null, chunkDelayInMs: null, chunks: [{ type: 'stream-start', warnings: [] }, { type: 'text-start', id: '1' }, { type: 'text-delta', id: '1', delta: 'hello ' }, { type: 'text-delta', id: '1', delta: 'there' }, { type: 'text-end', id: '1' }, { type: 'finish', finishReason, usage }] }),
  }),
})

export async function GET(request) {
  switch (new URL(request.url).searchParams.get('what')) {
    case 'text': {
      const { text, finishReason } = await generateText({ model: model(), prompt: 'hi', tools: { add: tool({ description: 'adds', inputSchema: z.object({ a: z.number() }), execute: ({ a }) => a + 1 }) } })
      return Response.json({ text, finishReason })
    }
    case 'stream':
      return streamText({ model: model(), prompt: 'hi' }).toTextStreamResponse()
    default:
      return createUIMessageStreamResponse({ stream: createUIMessageStream({ execute: ({ writer }) => { writer.write({ type: 'data-note', data: { a: 1 } }); writer.merge(streamText({ model: model(), prompt: 'hi' }).toUIMessageStream({ sendStart: false })) }, generateId: () => 'id' }) })
  }
}
