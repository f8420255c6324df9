const form = document.querySelector('form')
const output = document.querySelector('output')

async function ask(path) {
  const response = await fetch(path)
  output.value = response.ok ? (await response.json()).message : `${response.status} ${response.statusText}`
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  ask(`/api/hello/${encodeURIComponent(form.elements.name.value)}`)
})

ask('/api/hello')
