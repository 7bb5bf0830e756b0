import { z } from 'zod'
import { corpusSpecSchema, parseWords } from '../data/index.ts'
import { trainConfigSchema } from '../word2vec/index.ts'

/** Of what becomes a folder: `..` would be one that is not its own. */
const nameRule = /^\w[\w.-]*$/
const nameFault = 'use letters, digits, ., _ and -, and begin with a letter or digit'

/** What lies in a version's folder beside its runs. */
const ownFiles = ['lock', 'logs', 'experiment.json']

const wordsSchema = z
  .union([z.number(), z.string()])
  .refine((words) => parseWords(words) !== undefined, 'write a number of words as 16M, 1.6B or 320K')
  .describe('take the first so many words, such as 16M')

export const corpusSchema = corpusSpecSchema.describe(
  'text files or folders relative to the recipe, or names that `millrace data list` knows',
)

const measuresSchema = z
  .array(
    z.union([
      z.string(),
      z.strictObject({
        file: z.string(),
        name: z.string().optional().describe('by which tables ask for the score'),
        method: z.enum(['add', 'mul', 'offset']).optional().describe('of analogies'),
        restrict: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe('of analogies: among the n most frequent words'),
        answers: z
          .string()
          .optional()
          .describe('of completion: the file of answers (default: the one beside it)'),
      }),
    ]),
  )
  .default([])

export const evaluateSchema = z.strictObject({
  analogies: measuresSchema,
  pairs: measuresSchema,
  odd: measuresSchema,
  completion: measuresSchema,
  restrict: z.number().int().min(1).default(30_000),
})

const scalar = z.union([z.number(), z.string(), z.boolean()])

/** What the paper printed: by score, numbers as printed (percent), or words. */
const publishedSchema = z.record(z.string(), z.union([z.number(), z.string()]))

export const rowSchema = z.strictObject({
  id: z
    .string()
    .regex(nameRule, nameFault)
    .refine((id) => !ownFiles.includes(id), {
      error: `${ownFiles.join(', ')} are files of the version's own: use another id`,
    }),
  label: z.string().optional().describe('how tables name it (default: its id)'),
  corpus: corpusSchema.optional(),
  words: wordsSchema.optional(),
  train: trainConfigSchema.partial().optional(),
  published: publishedSchema.optional(),
})

/** A question to the vectors, answered with words. Its words are found whatever their case. */
const askSchema = z.union([
  z.strictObject({ near: z.string() }),
  z.strictObject({ sum: z.array(z.string()).min(2) }),
  z.strictObject({ analogy: z.tuple([z.string(), z.string(), z.string()]) }),
])

const scoreColumnSchema = z.strictObject({
  score: z
    .string()
    .describe('such as questions-words.semantic, ws353, loss, seconds, wordsPerSecond, vocabulary'),
  head: z.string(),
  unit: z.enum(['percent', 'number', 'seconds', 'words']).default('percent'),
})

export const tableSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('grid'),
    id: z.string(),
    title: z.string(),
    rows: z.string().describe('key of the grid'),
    columns: z.string().describe('key of the grid'),
    score: z.string(),
    published: z.record(z.string(), z.record(z.string(), z.number())).optional(),
  }),
  z.strictObject({
    kind: z.literal('rows'),
    id: z.string(),
    title: z.string(),
    show: z.array(z.strictObject({ key: z.string(), head: z.string() })).default([]),
    scores: z.array(scoreColumnSchema).min(1),
    others: z
      .array(
        z.strictObject({
          label: z.string(),
          show: z.record(z.string(), scalar).default({}),
          published: publishedSchema,
        }),
      )
      .default([])
      .describe('systems that the paper compares with, as published'),
  }),
  z.strictObject({
    kind: z.literal('words'),
    id: z.string(),
    title: z.string(),
    count: z.number().int().min(1).default(4),
    asks: z
      .array(
        z.strictObject({
          label: z.string().optional(),
          ask: askSchema,
          published: z
            .union([z.string(), z.record(z.string(), z.string())])
            .optional()
            .describe('what the paper printed; by row id where several runs are asked'),
        }),
      )
      .min(1),
    others: z
      .array(z.strictObject({ label: z.string(), published: z.array(z.string()) }))
      .default([])
      .describe('answers of other systems, as published, one for each of asks'),
  }),
])

export const figureSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lines'),
    id: z.string(),
    title: z.string(),
    x: z.string().describe('key of the grid'),
    y: z.string().describe('a score'),
    series: z.string().optional().describe('key of the grid: a line for each value'),
    table: z
      .string()
      .optional()
      .describe('id of the grid table whose published values are drawn beside ours'),
    unit: z.enum(['percent', 'number', 'words']).default('percent'),
  }),
  z.strictObject({
    kind: z.literal('bars'),
    id: z.string(),
    title: z.string(),
    y: z.string().describe('a score, seconds, or wordsPerSecond: a bar for each run'),
    unit: z.enum(['percent', 'number', 'seconds', 'words']).default('percent'),
  }),
  z.strictObject({
    kind: z.literal('training'),
    id: z.string(),
    title: z.string(),
    y: z.string().describe('loss, wordsPerSecond, or a score that was taken during training'),
    x: z.enum(['words', 'seconds', 'epochs']).default('words'),
    runs: z.array(z.string()).optional().describe('ids of rows (default: all)'),
  }),
  z.strictObject({
    kind: z.literal('pairs'),
    id: z.string(),
    title: z.string(),
    run: z.string().optional().describe('id of the row (default: the first)'),
    pairs: z.array(z.tuple([z.string(), z.string()])).min(2),
  }),
])

export const scaleSchema = z.strictObject({
  about: z.string().optional().describe('what differs from the paper, and why'),
  corpus: corpusSchema.optional(),
  train: trainConfigSchema.partial().optional(),
  as: z
    .record(z.string(), z.record(z.string(), z.union([scalar, z.null()])))
    .optional()
    .describe("by key, the paper's value and the one that stands in for it here; null: not run"),
  seeds: z.array(z.number().int().min(0)).min(1).optional(),
  evaluate: evaluateSchema.partial().optional(),
  tables: z
    .array(tableSchema)
    .optional()
    .describe("these in place of the recipe's of the same id, or besides"),
  figures: z
    .array(figureSchema)
    .optional()
    .describe("these in place of the recipe's of the same id, or besides"),
})

/** All that a recipe may say. Its JSON Schema is experiments/recipe.schema.json. */
export const recipeSchema = z.strictObject({
  name: z.string().regex(nameRule, nameFault).describe('its runs lie in runs/<name>'),
  title: z.string().optional(),
  source: z.string().optional().describe('what it repeats, such as: Mikolov et al. 2013a, table 2'),
  about: z.string().optional().describe("the paper's own setting, and what was chosen where it is silent"),
  corpus: corpusSchema,
  train: trainConfigSchema
    .partial()
    .default({})
    .describe('the training config, as `millrace train` takes it'),
  grid: z
    .record(z.string(), z.array(scalar).min(1))
    .optional()
    .describe('values of training settings, or of words: a run for each combination'),
  runs: z.array(rowSchema).min(1).optional().describe('runs that differ by more than a grid can say'),
  seeds: z
    .array(z.number().int().min(0))
    .min(1)
    .default([1])
    .describe('each run once with each of these; tables give mean and spread'),
  scales: z.record(z.string(), scaleSchema).optional().describe('by name: paper, wiki100, tiny'),
  evaluate: evaluateSchema.optional().describe('what is scored: names or files, relative to the recipe'),
  tables: z.array(tableSchema).default([]),
  figures: z.array(figureSchema).default([]),
  report: z
    .strictObject({
      words: z.array(z.string()).optional().describe('whose neighbours are shown'),
      groups: z.record(z.string(), z.array(z.string())).optional().describe('words of the picture, by group'),
    })
    .default({}),
})

export type RecipeTable = z.infer<typeof tableSchema>
export type RecipeFigure = z.infer<typeof figureSchema>
export type RecipeRow = z.infer<typeof rowSchema>
export type RecipeScale = z.infer<typeof scaleSchema>
export type Ask = z.infer<typeof askSchema>
