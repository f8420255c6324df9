// TypeScript that has to be gone before it runs.
enum Colour {
  Red,
  Green = 5,
  Blue,
}
const enum Fixed {
  One = 'one',
}
namespace Space {
  export const inside = 1
}
interface Shape {
  area(): number
}
abstract class Base implements Shape {
  constructor(
    protected readonly side: number,
    public label = 'base'
  ) {}
  abstract area(): number
}
class Square extends Base {
  #secret = 7
  static made = 0
  declare extra?: string
  override area() {
    return this.side ** 2
  }
  get secret() {
    return this.#secret
  }
  static {
    Square.made = 1
  }
}
type Named<T> = { [K in keyof T as `get${Capitalize<string & K>}`]: () => T[K] }
const named = { getA: () => 1 } satisfies Named<{ a: number }>
function overloaded(a: string): string
function overloaded(a: number): number
function overloaded(a: any) {
  return a
}
export type { Shape }

export async function GET(this: void) {
  const square = new Square(3)
  const maybe: { a?: { b: number } } | null = null as any
  let assigned: string | null = null
  assigned ??= 'assigned'
  const [first, ...rest] = [1, 2, 3] as const
  return Response.json({
    enum: [Colour.Red, Colour.Green, Colour.Blue, Colour[5]],
    constEnum: Fixed.One,
    namespace: Space.inside,
    class: [square.area(), square.label, square.secret, Square.made, 'extra' in square],
    optional: maybe?.a?.b ?? 'none',
    assigned,
    first,
    rest,
    named: named.getA(),
    overloaded: overloaded('x'),
    nonNull: square!.label!,
    cast: (square as any).label,
    numeric: 1_000_000,
    big: String(2n ** 64n),
    regex: 'a1b2'.replace(/(?<l>[a-z])(?<d>\d)/g, '$<d>$<l>'),
    labelled: await (async () => {
      outer: for (const a of [1, 2]) for (const b of [1, 2]) if (a * b === 2) break outer
      return 'done'
    })(),
    forAwait: await (async () => {
      const out: number[] = []
      for await (const v of (async function* () {
        yield 1
        yield* [2, 3]
      })())
        out.push(v)
      return out
    })(),
  })
}
