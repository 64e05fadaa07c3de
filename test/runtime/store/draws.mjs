/** What clients of a recorded history do, drawn from a seed. Plain, for processes of their own. */

/** Reads, writes, swaps, transactions over two keys, among few keys, so that they collide. */
export function drawTransaction(random, seen) {
  const key = `k${random.below(3)}`;
  const other = `k${(Number(key[1]) + 1) % 3}`;
  const value = Uint8Array.of(random.below(256), random.below(256));
  const put = { kind: 'put', key, value };
  const gets = [
    { kind: 'get', key },
    { kind: 'get', key: other },
  ];
  switch (random.below(5)) {
    case 0:
      return { success: [put] };
    case 1:
      return { success: [{ kind: 'delete', key }] };
    case 2: {
      const revision = seen.get(key) ?? 0;
      return { compare: [{ key, revision }], success: [put], failure: gets };
    }
    case 3:
      return { success: [put, { kind: 'put', key: other, value }] };
    default:
      return { success: gets };
  }
}
