export default {
  mode: 'production',
  entry: './src/main.js',
  // For pages whose policy asks for Trusted Types: webpack loads what is imported later by script elements.
  output: { filename: 'main.js', clean: true, trustedTypes: true },
  // The page and its style go along as they are.
  module: {
    rules: [
      { test: /\.(html|css)$/, type: 'asset/resource', generator: { filename: '[name][ext]' } },
    ],
  },
};
