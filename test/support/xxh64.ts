// XXH64 as its specification has it (Cyan4973/xxHash, doc/xxhash_spec.md), slow and plain.

const mask = (1n << 64n) - 1n
const prime1 = 0x9e3779b185ebca87n
const prime2 = 0xc2b2ae3d27d4eb4fn
const prime3 = 0x165667b19e3779f9n
const prime4 = 0x85ebca77c2b2ae63n
const prime5 = 0x27d4eb2f165667c5n

export function xxh64(bytes: Uint8Array, seed: bigint): bigint {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  let hash = (seed + prime5) & mask
  if (input.length >= 32) {
    const lanes = [seed + prime1 + prime2, seed + prime2, seed, seed - prime1].map((lane) => lane & mask)
    for (; at + 32 <= input.length; at += 32) {
      for (const [i, lane] of lanes.entries()) lanes[i] = round(lane, input.readBigUInt64LE(at + 8 * i))
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint]
    hash = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & mask
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * prime1 + prime4) & mask
  }
  hash = (hash + BigInt(input.length)) & mask
  for (; at + 8 <= input.length; at += 8) {
    hash = (rotate(hash ^ round(0n, input.readBigUInt64LE(at)), 27n) * prime1 + prime4) & mask
  }
  if (at + 4 <= input.length) {
    hash = (rotate(hash ^ ((BigInt(input.readUInt32LE(at)) * prime1) & mask), 23n) * prime2 + prime3) & mask
    at += 4
  }
  for (; at < input.length; at++) {
    hash = (rotate(hash ^ ((BigInt(input[at]!) * prime5) & mask), 11n) * prime1) & mask
  }
  hash = ((hash ^ (hash >> 33n)) * prime2) & mask
  hash = ((hash ^ (hash >> 29n)) * prime3) & mask
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * prime2) & mask, 31n) * prime1) & mask
}

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & mask
}
