/**
 * The figures of an `eval.json` (format 2) by their paths, as `scoreAt` of src/evaluate has them, each once:
 * `NAME.total`, `NAME.semantic`, `NAME.SECTION` and so on for analogies, `NAME.spearman` and `NAME.pearson` for pairs,
 * `NAME` for odd ones out and completion; of all but pairs also with `.ofAll` behind. Figures that are null are left out.
 *
 * None for another format, or what is no scores.
 */
export function flattenScores(content: unknown): Record<string, number> {
  const flat: Record<string, number> = {}
  const scores = content as Json
  if (scores?.format !== 2) return flat
  const put = (path: string, value: unknown) => {
    if (typeof value === 'number' && Number.isFinite(value)) flat[path] = value
  }
  const tally = (path: string, entry: Json) => {
    put(path, entry?.accuracy)
    put(`${path}.ofAll`, entry?.accuracyOfAll)
  }
  for (const entry of list(scores.analogies)) {
    for (const part of ['total', 'semantic', 'syntactic']) tally(`${entry.name}.${part}`, entry[part])
    for (const section of list(entry.sections)) tally(`${entry.name}.${section.name}`, section)
  }
  for (const entry of list(scores.pairs))
    for (const part of ['spearman', 'pearson']) put(`${entry.name}.${part}`, entry[part]?.value)
  for (const entry of [...list(scores.odd), ...list(scores.completion)]) tally(entry.name, entry)
  return flat
}

/** The figure at a path of `scoreAt`'s grammar, where a part may be left out. */
export function flatScoreAt(flat: Record<string, number>, path: string): number | undefined {
  return flat[fullScorePath(flat, path) ?? '']
}

/** A path with the part that it leaves out, if there is a figure: `wordsim353` is `wordsim353.spearman`. */
export function fullScorePath(flat: Record<string, number | null>, path: string): string | undefined {
  const ofAll = path.replace(/\.ofAll$/, '')
  const tries = [
    path,
    `${path}.total`,
    `${path}.spearman`,
    ...(ofAll === path ? [] : [`${ofAll}.total.ofAll`]),
  ]
  return tries.find((name) => Object.hasOwn(flat, name))
}

/** Each measure's main figure, in the file's order: what a table shows first. */
export function mainScores(content: unknown): string[] {
  const scores = content as Json
  if (scores?.format !== 2) return []
  return [
    ...list(scores.analogies).map(({ name }) => `${name}.total`),
    ...list(scores.pairs).map(({ name }) => `${name}.spearman`),
    ...[...list(scores.odd), ...list(scores.completion)].map(({ name }) => name),
  ]
}

type Json = any

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry?.name === 'string') : []
}
