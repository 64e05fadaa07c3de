/** Words of ours as labels have them: `ring barrier` is `ring_barrier`. Used by whoever shows figures. */
export function labelWord(word: string): string {
  return word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll(/[ -]/g, '_');
}
