/** A coefficient of correlation and the chance of one as far from 0 between unrelated numbers. */
export interface Correlation {
  /** -1 to 1; null if there are fewer than 2 pairs, or one side is constant. */
  value: number | null
  /** Two-sided; null where `value` is, or with fewer than 3 pairs. */
  p: number | null
}

export function pearson(x: readonly number[], y: readonly number[]): Correlation {
  const n = x.length
  // By the values: rounding of the mean makes a constant 0.1 differ from it.
  if (n < 2 || isConstant(x) || isConstant(y)) return { value: null, p: null }
  const [meanX, meanY] = [mean(x), mean(y)]
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  const value = Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)))
  // Student's t with n−2 degrees of freedom: P(|t| > …) is the incomplete beta function of 1 − r².
  return { value, p: n > 2 ? incompleteBeta((1 - value) * (1 + value), (n - 2) / 2, 0.5) : null }
}

/** Pearson's correlation of the ranks; equal numbers share the mean of their ranks. */
export function spearman(x: readonly number[], y: readonly number[]): Correlation {
  return pearson(ranks(x), ranks(y))
}

/** Ranks from 1. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const result = new Array<number>(values.length)
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1
    while (end < order.length && values[order[end]!] === values[order[begin]!]) end++
    for (let i = begin; i < end; i++) result[order[i]!] = (begin + 1 + end) / 2
    begin = end
  }
  return result
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0])
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * The regularised incomplete beta function I_x(a, b), 0 ≤ x ≤ 1.
 * Source: the continued fraction 26.5.8 of Abramowitz and Stegun, evaluated by Lentz's method.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast below the mean of the distribution; above it the mirror image does.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const away = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return front * fraction
}

/** Source: Lanczos's approximation, g = 7, 9 terms; relative error below 1e-14 for z > 0.5. */
function logGamma(z: number): number {
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ]
  const t = z + 6.5
  const series = terms.reduce((sum, term, i) => sum + term / (z + i), 0.9999999999998099)
  return 0.5 * Math.log(2 * Math.PI) + (z - 0.5) * Math.log(t) - t + Math.log(series)
}
