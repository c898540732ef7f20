/** The blocks of a message: what was said, and apart from it the facts that go with it. */
export function messageContent(message: string, context: Record<string, unknown> | undefined) {
  const blocks = [{ type: 'text', text: message }];
  if (context) blocks.push({ type: 'text', text: `<context>\n${JSON.stringify(context, null, 2)}\n</context>` });
  return blocks;
}
