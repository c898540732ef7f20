/** A block as the Managed Agents API shows it. */
type ContentBlock = { type: 'text'; text: string } | { type: 'image'; source: unknown };

/** What a tool returned, in the blocks of the Managed Agents API. */
export function toContent(content: unknown): ContentBlock[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block): ContentBlock[] => {
    if (block?.type === 'text') return [{ type: 'text', text: String(block.text) }];
    if (block?.type === 'image') return [{ type: 'image', source: block.source }];
    return [{ type: 'text', text: JSON.stringify(block) }];
  });
}
