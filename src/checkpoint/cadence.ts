/** How often: after so many milliseconds, words trained on, or steps. */
export type Cadence = { unit: 'ms' | 'words' | 'steps'; count: number }

const milliseconds = { s: 1000, m: 60_000, h: 3_600_000 }
const multiples = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

/** How often, by how far training is and not by the clock, so that it is the same wherever a run was stopped. */
export type PlaceCadence = { unit: 'epochs' | 'words' | 'steps'; count: number }

/** As people write it: `1epoch`, `0.25epochs`, `5Mwords`, `500steps`. Undefined if it is none. */
export function parsePlaceCadence(text: string): PlaceCadence | undefined {
  const match = /^(\d+(?:\.\d+)?)epochs?$/.exec(text.trim())
  if (match) return Number(match[1]) > 0 ? { unit: 'epochs', count: Number(match[1]) } : undefined
  const cadence = parseCadence(text)
  return cadence && cadence.unit !== 'ms' ? { unit: cadence.unit, count: cadence.count } : undefined
}

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
