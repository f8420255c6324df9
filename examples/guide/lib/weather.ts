/** The weather service answers with lines of `name: value`. */
export const parseWeatherData = {
  asJSON(text: string): string {
    const values: Record<string, string | number> = {}
    for (const line of text.trim().split('\n')) {
      const at = line.indexOf(': ')
      if (at < 0) throw new Error(`Not weather data: ${line}`)
      const value = line.slice(at + 2)
      values[line.slice(0, at)] = value !== '' && !Number.isNaN(Number(value)) ? Number(value) : value
    }
    return JSON.stringify(values)
  },
}
