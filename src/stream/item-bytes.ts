/** Roughly what an element takes in memory, the same on every machine. Nested ones are counted `depth` levels down. */
export function itemBytes(item: unknown, depth = 4): number {
  if (typeof item === 'string') return 2 * item.length
  if (typeof item !== 'object' || item === null) return 8
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return item.byteLength
  if (depth === 0) return 8
  let bytes = 8
  if (Array.isArray(item)) for (const part of item) bytes += itemBytes(part, depth - 1)
  else for (const key in item) bytes += itemBytes((item as Record<string, unknown>)[key], depth - 1)
  return bytes
}
