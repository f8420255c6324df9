/// <reference types="vite/client" />
import './style.css'
import { greeting } from './greeting'

const find = (id: string) => document.getElementById(id)!

function element(name: string, text: string, id?: string) {
  const e = document.createElement(name)
  e.textContent = text
  if (id) e.id = id
  return e
}

async function json(path: string, init?: RequestInit) {
  const response = await fetch(path, init)
  return { ok: response.ok, body: response.status === 204 ? null : await response.json() }
}

function login() {
  const form = element('form', '', 'login') as HTMLFormElement
  const name = element('input', '', 'name') as HTMLInputElement
  name.setAttribute('aria-label', 'Name')
  const problem = element('output', '', 'problem')
  form.append(name, element('button', 'Log in'), problem)
  form.onsubmit = async (event) => {
    event.preventDefault()
    const { ok, body } = await json('/api/session', { method: 'POST', body: JSON.stringify({ name: name.value }) })
    if (ok) show()
    else problem.textContent = body.error
  }
  return [form]
}

async function list(user: string) {
  const { body } = await json('/api/notes')
  const notes = element('ul', '', 'notes')
  notes.append(...body.map((text: string) => element('li', text)))
  const out = element('button', 'Log out', 'out')
  out.onclick = async () => {
    await json('/api/session', { method: 'DELETE' })
    show()
  }
  return [element('p', `Logged in as ${user}`, 'user'), notes, out]
}

async function note(id: string) {
  const { ok, body } = await json(`/api/notes/${id}`)
  return [element('h2', `Note ${id}`), element('p', ok ? body.text : body.error, 'note')]
}

async function page() {
  const [, id] = location.pathname.match(/^\/notes\/(\d+)$/) ?? []
  if (id) return note(id)
  if (location.pathname !== '/') return [element('p', `There is no page ${location.pathname}`, 'missing')]
  const { body } = await json('/api/session')
  return body.user ? list(body.user) : login()
}

async function show() {
  find('page').replaceChildren(...(await page()))
}

document.querySelector('nav')!.addEventListener('click', (event) => {
  const link = event.target as HTMLAnchorElement
  if (!link.href) return
  event.preventDefault()
  history.pushState(null, '', link.href)
  show()
})
window.addEventListener('popstate', show)

const events = new EventSource('/api/events')
events.onopen = () => (find('events').dataset.open = 'yes')
events.onmessage = (event) => find('events').append(element('li', event.data))

const greet = (text: string) => (find('greeting').textContent = text)
greet(greeting)
show()

if (import.meta.hot) {
  import.meta.hot.accept('./greeting', (fresh) => {
    if (fresh) greet(fresh.greeting)
  })
}
