export default {
  mode: 'production',
  entry: './src/main.js',
  output: { filename: 'main.js', clean: true },
  // The page and its style go along as they are.
  module: {
    rules: [
      { test: /\.(html|css)$/, type: 'asset/resource', generator: { filename: '[name][ext]' } },
    ],
  },
};
