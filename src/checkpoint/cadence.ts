/** How often: after so many milliseconds, words trained on, or steps. */
export type Cadence = { unit: 'ms' | 'words' | 'steps'; count: number }

const milliseconds = { s: 1000, m: 60_000, h: 3_600_000 }
const multiples = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

/** An interval as people write it: `60s`, `90m`, `2h`, `500kwords`, `5Mwords`, `500steps`. Undefined if it is none. */
export function parseCadence(text: string): Cadence | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([smh])|([kMG]?)(word|step)s?)$/.exec(text.trim())
  if (!match) return undefined
  const [, number, time, multiple = '', thing] = match
  const factor = time
    ? milliseconds[time as keyof typeof milliseconds]
    : multiples[multiple as keyof typeof multiples]
  const count = Math.round(Number(number) * factor)
  if (count < 1 || !Number.isSafeInteger(count)) return undefined
  return { unit: time ? 'ms' : thing === 'word' ? 'words' : 'steps', count }
}
