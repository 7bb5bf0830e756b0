import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, isAbsolute, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { InputError } from '../core/errors.ts'
import { type CorpusSpec, findEntry } from '../data/index.ts'
import { configError, type TrainConfigInput } from '../word2vec/index.ts'
import { type RecipeRow, type RecipeScale, recipeSchema } from './schema.ts'
import { knownKeys, mostTelling } from './unknown-keys.ts'

type Given = z.input<typeof recipeSchema>['train']

/** A recipe as read: paths in it are absolute, and `train` holds what it says and no defaults. */
export interface Recipe extends Omit<z.infer<typeof recipeSchema>, 'corpus' | 'train' | 'runs' | 'scales'> {
  corpus: CorpusSpec
  train: TrainConfigInput
  runs?: WithOwn<RecipeRow>[]
  scales?: Record<string, WithOwn<RecipeScale>>
}

type WithOwn<T> = Omit<T, 'train' | 'corpus'> & { train?: TrainConfigInput; corpus?: CorpusSpec }

/**
 * Reads a recipe.
 *
 * throws  InputError if it cannot be read; ConfigError naming the key that is wrong, and the nearest known
 */
export function readRecipe(path: string): Recipe {
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InputError('RECIPE', {
      what: `cannot read the recipe ${path}`,
      why: existsSync(path) ? String((cause as Error).message).split('\n')[0]! : 'it is not there',
      cause,
    })
  }
  return parseRecipe(content, path)
}

/** Checks a recipe that is in memory. `path` is where its relative paths begin, and what errors name. */
export function parseRecipe(content: unknown, path: string): Recipe {
  const result = recipeSchema.safeParse(content)
  if (!result.success) {
    const issue = mostTelling(result.error.issues)
    throw configError(issue, knownKeys(recipeSchema, issue.path), path)
  }
  const given = content as z.input<typeof recipeSchema>
  const base = dirname(resolve(path))
  const { corpus, evaluate, grid, runs, scales, ...rest } = result.data
  return {
    ...rest,
    corpus: absoluteCorpus(corpus, base),
    train: absoluteTrain(given.train, base),
    ...(grid && { grid: grid.init ? { ...grid, init: absoluteValues(grid.init, base) } : grid }),
    ...(runs && {
      runs: runs.map(({ train: _, corpus: own, ...row }, i) => ({
        ...row,
        ...(own && { corpus: absoluteCorpus(own, base) }),
        train: absoluteTrain(given.runs![i]!.train, base),
      })),
    }),
    ...(scales && {
      scales: Object.fromEntries(
        Object.entries(scales).map(([name, { train: _, corpus: own, evaluate: asked, ...scale }]) => [
          name,
          {
            ...scale,
            ...(own && { corpus: absoluteCorpus(own, base) }),
            ...(scale.as?.init && { as: { ...scale.as, init: absoluteStandIns(scale.as.init, base) } }),
            ...(asked && { evaluate: absoluteQuestions(asked, given.scales![name]!.evaluate, base) }),
            train: absoluteTrain(given.scales![name]!.train, base),
          },
        ]),
      ),
    }),
    ...(evaluate && { evaluate: absoluteQuestions(evaluate, undefined, base) }),
  }
}

/** The texts of a corpus that is neither chosen nor derived. */
export function plainTexts(corpus: CorpusSpec): string[] {
  if (typeof corpus === 'string' || Array.isArray(corpus)) return [corpus].flat()
  return [...('oneOf' in corpus ? corpus.oneOf.slice(0, 1) : [corpus.text].flat())]
}

/** A recipe's schema for editors. */
export function recipeJsonSchema(): unknown {
  return z.toJSONSchema(recipeSchema, { io: 'input' })
}

// A default that the schema filled in is no choice of the recipe's: what it says itself is kept.
function absoluteTrain(given: Given, base: string): TrainConfigInput {
  const train = (given ?? {}) as TrainConfigInput
  return { ...train, ...(train.init !== undefined && { init: resolve(base, train.init) }) }
}

/** Of `init`, which is always a path. */
function absoluteValues<T>(paths: T[], base: string): T[] {
  return paths.map((path) => (typeof path === 'string' ? (resolve(base, path) as T) : path))
}

function absoluteStandIns<T>(paths: Record<string, T>, base: string): Record<string, T> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, other]) => [resolve(base, path), ...absoluteValues([other], base)]),
  )
}

/**
 * A name of the catalogue means that, whatever lies beside the recipe: `./text8` is the file. What has a slash or an
 * extension is a path; all else is a name.
 */
function absolutePath(name: string, base: string): string {
  if (findEntry(name)) return name
  const isPath = name.includes('/') || extname(name) !== '' || existsSync(resolve(base, name))
  return isPath && !isAbsolute(name) ? resolve(base, name) : name
}

function absoluteCorpus(corpus: CorpusSpec, base: string): CorpusSpec {
  const absolute = <T extends string | string[]>(texts: T): T =>
    (typeof texts === 'string'
      ? absolutePath(texts, base)
      : texts.map((text) => absolutePath(text, base))) as T
  if (typeof corpus === 'string' || Array.isArray(corpus)) return absolute(corpus)
  return 'oneOf' in corpus
    ? { ...corpus, oneOf: absolute(corpus.oneOf) }
    : { ...corpus, text: absolute(corpus.text) }
}

type QuestionFiles = NonNullable<z.infer<typeof recipeSchema>['evaluate']>

/** `given`: where only kinds that somebody named count. */
function absoluteQuestions<T extends { [K in keyof QuestionFiles]?: QuestionFiles[K] | undefined }>(
  questions: T,
  given: object | undefined,
  base: string,
): T {
  return Object.fromEntries(
    Object.entries(questions)
      .filter(([kind]) => given === undefined || kind in given)
      .map(([kind, value]) => [
        kind,
        Array.isArray(value)
          ? value.map((measure) =>
              typeof measure === 'string'
                ? absolutePath(measure, base)
                : {
                    ...measure,
                    file: absolutePath(measure.file, base),
                    ...(measure.answers && { answers: absolutePath(measure.answers, base) }),
                  },
            )
          : value,
      ]),
  ) as T
}
