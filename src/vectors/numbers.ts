// Decimal numbers as bytes: a matrix of three million rows holds a thousand million of them, and a string
// for each would take minutes.

/** Powers of ten that float64 holds exactly. */
const powers = Array.from({ length: 23 }, (_, i) => 10 ** i)

/**
 * Reads a decimal number from bytes `begin` … `end`-1. NaN if it is not one.
 *
 * With at most 15 digits and a small exponent, one float64 division or product rounds once and is exact
 * (Clinger 1990); the rest go through `Number`.
 */
export function parseNumber(bytes: Uint8Array, begin: number, end: number): number {
  let at = begin
  const negative = bytes[at] === minus
  if (negative || bytes[at] === plus) at++
  let digits = 0
  let mantissa = 0
  let exponent = 0
  let point = false
  for (; at < end; at++) {
    const digit = bytes[at]! - zero
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      if (mantissa > 0) digits++
      if (point) exponent--
    } else if (bytes[at] === dot && !point) point = true
    else return parseSlowly(bytes, begin, end)
  }
  const last = bytes[end - 1]! - zero
  if (digits > 15 || exponent < -22 || !(last >= 0 && last <= 9)) return parseSlowly(bytes, begin, end)
  const value = mantissa / powers[-exponent]!
  return negative ? -value : value
}

/** The shortest decimal number that `parseNumber` and float32 rounding turn into `value` again. */
export function formatFloat32(value: number): string {
  const magnitude = Math.abs(value)
  if (!(magnitude >= 1e-5 && magnitude < 1e7)) return shortest(value)
  const exponent = Math.floor(Math.log10(magnitude))
  for (let digits = 6; digits <= 9; digits++) {
    const decimals = Math.max(0, digits - 1 - exponent)
    const scaled = Math.round(magnitude * powers[decimals]!)
    if (Math.fround(scaled / powers[decimals]!) === magnitude)
      return (value < 0 ? '-' : '') + withPoint(scaled, decimals)
  }
  return shortest(value)
}

const [plus, minus, dot, zero] = [0x2b, 0x2d, 0x2e, 0x30]

function parseSlowly(bytes: Uint8Array, begin: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + begin, end - begin).toString('latin1')
  // `Number` takes '', '0x10' and 'Infinity' too.
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
}

function withPoint(scaled: number, decimals: number): string {
  const digits = String(scaled).padStart(decimals + 1, '0')
  let end = digits.length
  const whole = end - decimals
  while (end > whole && digits.charCodeAt(end - 1) === zero) end--
  return end === whole ? digits.slice(0, whole) : `${digits.slice(0, whole)}.${digits.slice(whole, end)}`
}

function shortest(value: number): string {
  if (Object.is(value, -0)) return '-0'
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(Number(value.toPrecision(9)))
}
