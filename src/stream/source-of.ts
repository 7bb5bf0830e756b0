import { ConfigError } from '../core/errors.ts'
import { show } from './checks.ts'
import type { Source } from './contract.ts'
import { foreignSource } from './foreign.ts'
import { type Given, iterableSource } from './iterable.ts'
import { listSource } from './list.ts'
import { type MadeOptions, madeByFunction } from './made.ts'

/** What holds elements: a list, something that can be iterated, or a source. */
export type Many<T> =
  | Source<T>
  | Iterable<T | PromiseLike<T>>
  | AsyncIterable<T>
  | ArrayLike<T>
  | ReadableStream<T>

/** What `from` takes. */
export type Streamable<T> = Many<T> | ((options: MadeOptions) => Many<T> | PromiseLike<Many<T>>)

/** Where a `Stream` keeps the source that it guards: the stages within one pass need no guard. */
export const guarded: unique symbol = Symbol('millrace.guarded')

/**
 * The source that the user means, given for the option `name`.
 *
 * throws  ConfigError if it cannot be one
 */
export function sourceOf<T>(name: string, given: Streamable<T>): Source<T> {
  if (typeof given === 'function')
    return madeByFunction(given, (many) => manyOf(`what the function of ${name} gave`, many, 'by a function'))
  return manyOf(name, given, 'directly')
}

/** The source of what a function of the user's made for one element. */
export function madeSource<T>(name: string, made: Many<T>): Source<T> {
  return manyOf(`what ${name} gave`, made, 'for an element')
}

function manyOf<T>(name: string, many: Many<T>, given: Given): Source<T> {
  if (typeof many !== 'object' || many === null) throw notIterable(name, many)
  if (guarded in many) return many[guarded] as Source<T>
  if ('open' in many && typeof many.open === 'function') return foreignSource(many)
  if (Array.isArray(many) || (ArrayBuffer.isView(many) && 'length' in many)) return listSource(many)
  if (Symbol.asyncIterator in many || Symbol.iterator in many)
    return iterableSource(many as AsyncIterable<T>, given)
  if ('length' in many && (many.length === 0 || 0 in many)) return listSource(many)
  throw notIterable(name, many)
}

function notIterable(name: string, value: unknown): ConfigError {
  if (typeof value === 'string')
    return new ConfigError('STREAM_SOURCE', {
      what: `${name} is the string ${show(value)}`,
      why: 'whether its lines, words or characters are meant cannot be told',
      mend: "give a list of them, such as text.split('\\n') or [...text]",
    })
  return new ConfigError('STREAM_SOURCE', {
    what: `${name} is ${show(value)}, which holds no elements`,
    why: 'a stream is made from a list, an iterable (asynchronous or not), a source with open(), or a function that gives one',
    mend:
      value instanceof Promise
        ? 'give a function that gives the promise'
        : 'give one of these; a single element is a list of one',
  })
}
