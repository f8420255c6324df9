export function decade(year?: number) {
  return year === undefined ? 'unknown' : `${Math.floor(year / 10) * 10}s`
}
