// The guide's snippets are kept as they are printed there, and several do not
// pass the type checker (an implicit any, `request.body()`, a missing import).
const config = {
  typescript: { ignoreBuildErrors: true },
}

export default config
