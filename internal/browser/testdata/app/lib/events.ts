const listeners = new Set<(text: string) => void>()
let waiting: (() => void)[] = []

export function listen(listener: (text: string) => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    for (const go of waiting) go()
    waiting = []
  }
}

export function send(text: string) {
  for (const listener of listeners) listener(text)
  return listeners.size
}

// idle waits until nobody listens.
export const idle = () => new Promise<void>((go) => (listeners.size > 0 ? waiting.push(go) : go()))
