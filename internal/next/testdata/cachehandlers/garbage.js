// A handler whose answers are what the key's test says: data of set, run.
const answers = new Map()

module.exports = class {
  get(key) {
    return (0, eval)(answers.get(key))
  }

  set(key, data) {
    answers.set(key, data.body.toString())
  }
}
