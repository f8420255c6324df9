import { Effect, Option, pipe, Schedule, Schema, Stream } from 'effect'

const Person = Schema.Struct({ name: Schema.String, age: Schema.Number })

export async function GET() {
  let tries = 0
  const flaky = Effect.suspend(() => (++tries < 3 ? Effect.fail('again') : Effect.succeed(tries)))
  const program = Effect.gen(function* () {
    const a = yield* Effect.succeed(1)
    yield* Effect.sleep('5 millis')
    const all = yield* Effect.all([1, 2, 3].map((n) => Effect.succeed(n * 2)), { concurrency: 2 })
    const retried = yield* Effect.retry(flaky, Schedule.recurs(5))
    const streamed = yield* pipe(Stream.range(1, 5), Stream.map((n) => n * n), Stream.runCollect)
    const caught = yield* pipe(Effect.fail('bad'), Effect.match({ onFailure: (e) => `caught ${e}`, onSuccess: () => 'no' }))
    return { a, all, retried, streamed: Array.from(streamed), caught, some: Option.getOrElse(Option.none(), () => 'none') }
  })
  const decode = Schema.decodeUnknownSync(Person)
  let bad
  try { decode({ name: 'x', age: 'y' }) } catch (e) { bad = String(e.message) }
  return Response.json({ ...(await Effect.runPromise(program)), good: decode({ name: 'x', age: 5 }), bad })
}
