// Adding up is no part of a loader: here it is done several values at a time, as numpy does it for torch.

/** The sum of bytes, which begin at a multiple of 4: four of them at a time. */
export function sumBytes(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  let sum = 0
  for (let from = 0; from < words.length; from += 256) {
    const to = Math.min(from + 256, words.length)
    // Two halves of 16 bits each, which 256 bytes do not overflow.
    let even = 0
    let odd = 0
    for (let i = from; i < to; i++) {
      const word = words[i]!
      even = (even + (word & 0x00ff00ff)) | 0
      odd = (odd + ((word >>> 8) & 0x00ff00ff)) | 0
    }
    sum += (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16)
  }
  for (let i = words.length * 4; i < bytes.length; i++) sum += bytes[i]!
  return sum
}

/** The sum of whole numbers. */
export function sumNumbers(numbers: Float64Array): number {
  const fours = numbers.length & ~3
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < fours; i += 4) {
    a += numbers[i]!
    b += numbers[i + 1]!
    c += numbers[i + 2]!
    d += numbers[i + 3]!
  }
  for (let i = fours; i < numbers.length; i++) a += numbers[i]!
  return a + b + c + d
}
