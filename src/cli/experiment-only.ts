import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { type Expansion, isSameValue, type Scalar } from '../experiment/index.ts'
import { parseTrainConfig, trainKeys } from '../word2vec/index.ts'

type Run = Expansion['runs'][number]

/**
 * The runs that `--only` means: those with each of the values, as the paper or this scale has them, or as they are where
 * the recipe says nothing. An id may have commas in it; of all else several may stand in one, with commas between.
 *
 * throws  ConfigError if it means none
 */
export function chosenRuns(runs: Run[], recipe: string, only: string[] = []): Run[] {
  const wishes = only.flatMap((text) => (text.startsWith('id=') ? [text] : text.split(',')))
  const chosen = wishes.reduce((left, wish) => {
    const { key, wanted } = parseWish(wish)
    const known = [...new Set(runs.flatMap((run) => valuesOf(run, key)))]
    if (known.length === 0) throw noSuchKey(wish, key, recipe, runs)
    if (!known.some((value) => isSameValue(key, value, wanted)))
      throw new ConfigError('ONLY', {
        what: `--only ${wish}: no run of ${recipe} has it`,
        mend: `${key} is ${known.join(', ')}`,
      })
    return left.filter((run) => valuesOf(run, key).some((value) => isSameValue(key, value, wanted)))
  }, runs)
  if (chosen.length > 0) return chosen
  throw new ConfigError('ONLY', { what: `--only ${wishes.join(',')} together mean no run of ${recipe}` })
}

/** Whether an argument is a wish that was given behind another one, and no recipe: `--only dim=8 words=24M`. */
export function isWish(text: string): boolean {
  return /^\w+=/.test(text) && !/\.ya?ml$/.test(text)
}

function parseWish(wish: string): { key: string; wanted: string } {
  const [, key, wanted] = /^([^=]+)=(.+)$/.exec(wish.trim()) ?? []
  if (key !== undefined && wanted !== undefined) return { key, wanted }
  throw new ConfigError('ONLY', {
    what: `--only ${wish} is not KEY=VALUE`,
    mend: 'write it as --only dim=300, or as --only dim=300,words=24M',
  })
}

function valuesOf(run: Run, key: string): Scalar[] {
  const own = { id: run.id, row: run.row, seed: run.seed }[key]
  const config = parseTrainConfig(run.config) as Record<string, unknown>
  const values = [run.cell[key], run.values[key], own, config[key]] as (Scalar | null | undefined)[]
  return [...new Set(values)].filter((value) => value !== undefined && value !== null)
}

function noSuchKey(wish: string, key: string, recipe: string, runs: Run[]): ConfigError {
  const own = [...new Set(['id', 'row', 'seed', ...runs.flatMap((run) => Object.keys(run.cell))])]
  const nearest = nearestName(key, [...own, ...trainKeys])
  return new ConfigError('ONLY', {
    what: `--only ${wish}: the runs of ${recipe} have no ${key}`,
    mend: nearest && nearest !== key ? `did you mean ${nearest}?` : `use one of ${own.join(', ')}`,
  })
}
