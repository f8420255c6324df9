const settings = undefined

export default { env: { A: settings.a } }
