// Loaded before the launcher, it makes this Node look like one that cannot run TypeScript.
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });
