import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { InputError } from '../core/errors.ts'
import { configError, type TrainConfigInput, trainConfigSchema } from '../word2vec/index.ts'

/** A run with all that belongs to it: what it reads, how it is trained, scored and shown. */
export const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'use letters, digits, ., _ and -')
    .describe('of the run: its folder is runs/<name>'),
  corpus: z.array(z.string()).min(1).describe('text files or folders, relative to the recipe'),
  train: trainConfigSchema
    .partial()
    .default({})
    .describe('the training config, as `millrace train` takes it'),
  evaluate: z
    .strictObject({
      analogies: z.array(z.string()).default([]),
      pairs: z.array(z.string()).default([]),
      odd: z.array(z.string()).default([]),
      restrict: z.number().int().min(1).default(30_000),
    })
    .optional()
    .describe('files of questions, relative to the recipe'),
  report: z
    .strictObject({
      words: z.array(z.string()).optional().describe('whose neighbours are shown'),
      groups: z.record(z.string(), z.array(z.string())).optional().describe('words of the picture, by group'),
    })
    .default({}),
})

export interface Recipe extends Omit<z.infer<typeof recipeSchema>, 'train'> {
  train: TrainConfigInput
}

/**
 * Reads a recipe. Paths in it become absolute.
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
  const result = recipeSchema.safeParse(content)
  if (!result.success) {
    const issue = result.error.issues[0]!
    const known = knownKeys(issue.path)
    throw configError(issue, known, path)
  }
  const base = dirname(path)
  const absolute = (paths: string[]) => paths.map((name) => resolve(base, name))
  const { corpus, evaluate, train, ...rest } = result.data
  const given = (content as { train?: TrainConfigInput }).train ?? {}
  return {
    ...rest,
    corpus: absolute(corpus),
    // A default that the schema filled in is no choice of the recipe's.
    train: { ...given, ...(given.init !== undefined && { init: resolve(base, given.init) }) },
    evaluate: evaluate && {
      ...evaluate,
      analogies: absolute(evaluate.analogies),
      pairs: absolute(evaluate.pairs),
      odd: absolute(evaluate.odd),
    },
  }
}

function knownKeys(path: PropertyKey[]): string[] {
  let schema: unknown = recipeSchema
  for (const key of path) {
    while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) schema = schema.unwrap()
    schema = (schema as z.ZodObject).shape[String(key)]
  }
  while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) schema = schema.unwrap()
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}
