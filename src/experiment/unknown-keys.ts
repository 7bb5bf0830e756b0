import { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * What of all that is wrong with a value is told: a key that there is not, since what is then missing is what it was
 * meant to be; else the first. Of a value that may be one of several kinds, what is wrong with it as the kind that it
 * is nearest to.
 */
export function mostTelling(issues: readonly Issue[]): Issue {
  const all = issues.map(deepest)
  return all.find(({ code }) => code === 'unrecognized_keys') ?? all[0]!
}

function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const kinds = issue.errors
    // Of another type altogether is not what was meant.
    .filter((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .map((issues) => ({ told: mostTelling(issues), count: countOf(issues) }))
    .sort((a, b) => rank(b.told) - rank(a.told) || a.count - b.count)
  if (!kinds[0]) return issue
  const { told } = kinds[0]
  return rank(told) > 0 ? { ...told, path: [...issue.path, ...told.path] } : issue
}

function rank(issue: Issue): number {
  return (issue.code === 'unrecognized_keys' ? 1 : 0) + issue.path.length
}

function countOf(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
}

/** The keys that may stand at a place in the schema. */
export function knownKeys(schema: unknown, path: PropertyKey[]): string[] {
  const [key, ...rest] = path
  const keys = unwrap(schema).flatMap((option) => {
    if (path.length === 0) return option instanceof z.ZodObject ? Object.keys(option.shape) : []
    const inner =
      option instanceof z.ZodObject
        ? option.shape[String(key)]
        : option instanceof z.ZodArray
          ? option.element
          : option instanceof z.ZodRecord
            ? option.valueType
            : undefined
    return inner ? knownKeys(inner, rest) : []
  })
  return [...new Set(keys)]
}

function unwrap(schema: unknown): unknown[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap())
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap)
  return [schema]
}
