import '../../common/style.css';

export const metadata = { title: 'Notes', icons: 'data:,' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
