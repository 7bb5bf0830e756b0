import { type Streamable, sourceOf } from './source-of.ts'
import { Stream } from './stream.ts'

/**
 * A stream of what is given:
 *
 * a list            sought at any place
 * an iterable       (asynchronous or not) passed over up to the place to resume at
 * a function        called once a pass, with `{ signal, pass }`; what it gives, or promises, is treated as above
 * a generator, a web `ReadableStream`, a Node `Readable`
 *                   can be passed over once, and is refused for another pass or for a place within; a function
 *                   that makes a new one each time has no such limit
 * a source          with `open(state?, options?)`: sought by itself
 *
 * throws  ConfigError if it is none of these; a string is none
 */
export function from<T>(given: Streamable<T>): Stream<T> {
  return given instanceof Stream ? given : new Stream(sourceOf('from', given))
}
