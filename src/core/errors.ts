/** What a user needs to know of a failure, and what to do about it. */
export interface ErrorParts {
  /** What happened, with the value or place at fault. */
  what: string
  /** Why that is a failure. */
  why?: string
  /** What to do. */
  mend?: string
  cause?: unknown
}

/**
 * An error that is told to the user as it is, without a stack trace.
 *
 * `code` is stable and for machines; `exitCode` is what the CLI ends with:
 * 1 failed, 2 bad input, 75 stopped and resumable.
 */
export class MillraceError extends Error {
  readonly code: string
  readonly parts: ErrorParts
  readonly exitCode: number = 1

  constructor(code: string, parts: ErrorParts) {
    super(describe(parts), parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = new.target.name
    this.code = code
    this.parts = parts
    // All of it stands in the message; shown as properties, it would be told again.
    Object.defineProperty(this, 'parts', { enumerable: false })
    Object.defineProperty(this, 'name', { enumerable: false })
  }
}

/** The fault lies in what the user gave: an option, a path, a file's content. Exit code 2. */
export class InputError extends MillraceError {
  override readonly exitCode: number = 2
}

/** An option or config key is wrong. Exit code 2. */
export class ConfigError extends InputError {}

/** The machine said no: disk full, no permission, too little memory. Exit code 1. */
export class ResourceError extends MillraceError {}

/** What was asked for is planned to take more than there is, so it was not begun. Exit code 2. */
export class PlanError extends ResourceError {
  override readonly exitCode: number = 2
}

/** The run was stopped on request and can be resumed. Exit code 75. */
export class StoppedError extends MillraceError {
  override readonly exitCode: number = 75
}

/** A broken invariant of ours; stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`)
}

/** An error as plain data, to be posted to another thread. */
export type PackedError = { kind: string; code: string; parts: ErrorParts } | { kind: 'Error'; stack: string }

export function packError(error: unknown): PackedError {
  if (error instanceof MillraceError) {
    const { what, why, mend } = error.parts
    return { kind: error.name, code: error.code, parts: { what, ...(why && { why }), ...(mend && { mend }) } }
  }
  return { kind: 'Error', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

export function unpackError(packed: PackedError): Error {
  if (!('parts' in packed)) return Object.assign(new Error('a thread failed'), { stack: packed.stack })
  const kinds = { InputError, ConfigError, ResourceError, PlanError, StoppedError }
  return new (kinds[packed.kind as keyof typeof kinds] ?? MillraceError)(packed.code, packed.parts)
}

function describe({ what, why, mend }: ErrorParts): string {
  return [what, why && `  why: ${why}`, mend && `  try: ${mend}`].filter(Boolean).join('\n')
}
