/**
 * The entry of `known` nearest to `word` by edit distance, if it is near enough to be a typo of it; else the only one
 * that begins like it: `analogies` for `analogy`.
 */
export function nearestName(word: string, known: Iterable<string>): string | undefined {
  const names = [...known]
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  if (best !== undefined) return best
  const beginning = word.slice(0, Math.max(5, Math.ceil((2 * word.length) / 3))).toLowerCase()
  const alike = names.filter((name) => name.toLowerCase().startsWith(beginning))
  return alike.length === 1 && beginning.length >= 5 ? alike[0] : undefined
}

/** 1234567 as `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Seconds as `8.2 s`, `42 s`, `3:07` or `2:03:07`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const parts = whole < 3600 ? [whole / 60, whole % 60] : [whole / 3600, (whole % 3600) / 60, whole % 60]
  return parts.map((part, i) => String(Math.floor(part)).padStart(i === 0 ? 1 : 2, '0')).join(':')
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
