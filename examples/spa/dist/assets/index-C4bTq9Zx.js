// A page with a router of its own: the server sends index.html for every path
// that only this script knows.
const app = document.getElementById('app')

const json = async (path, init) => {
  const response = await fetch(path, init && { ...init, headers: { 'content-type': 'application/json' } })
  return response.status === 204 ? null : response.json()
}

const element = (name, text, ...children) => {
  const e = document.createElement(name)
  e.textContent = text
  e.append(...children)
  return e
}

const form = (label, send) => {
  const input = element('input', '')
  input.required = true
  input.setAttribute('aria-label', label)
  const f = element('form', '', input, element('button', label))
  f.onsubmit = async (event) => {
    event.preventDefault()
    await send(input.value)
    show()
  }
  return f
}

const pages = {
  async '/'() {
    const { user } = await json('/api/session')
    if (!user) return [form('Log in', (name) => json('/api/session', { method: 'POST', body: JSON.stringify({ name }) }))]
    const out = element('button', `Log out ${user}`)
    out.onclick = async () => {
      await json('/api/session', { method: 'DELETE' })
      show()
    }
    const notes = await json('/api/notes')
    return [
      element('ul', '', ...notes.map((n) => element('li', '', element('b', n.user), n.text))),
      form('Note', (text) => json('/api/notes', { method: 'POST', body: JSON.stringify({ text }) })),
      out,
    ]
  },
  async '/about'() {
    return [element('p', 'The page, its script and its API are of one origin.')]
  },
}

async function show() {
  const page = pages[location.pathname] ?? (async () => [element('p', `There is no page ${location.pathname}.`)])
  app.replaceChildren(...(await page()))
}

document.querySelector('nav').onclick = (event) => {
  if (!event.target.href || event.metaKey || event.ctrlKey) return
  event.preventDefault()
  history.pushState(null, '', event.target.href)
  show()
}
onpopstate = show
new EventSource('/api/ticks').onmessage = (event) => (document.getElementById('ticks').textContent = `${event.data} s`)
show()
