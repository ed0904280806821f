package org.medoid.export;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * The machine's files, but each step that changes something (a file opened for writing, a rename, a
 * link, a folder made, something removed) is counted, and fails if it is among those that shall.
 */
final class FailingFiles extends FileSystemProvider {
  private final FileSystem system = new Failing();
  private final FileSystemProvider real;
  private IntPredicate fails = step -> false;
  private Runnable before = () -> {};
  private int steps;

  /** Wraps the provider of a path. */
  FailingFiles(Path any) {
    real = any.getFileSystem().provider();
  }

  /** Counts anew; the steps that satisfy the predicate fail, 1 being the first. */
  FailingFiles failing(IntPredicate which) {
    fails = which;
    steps = 0;
    return this;
  }

  /** Something that looks on, or interferes, before every step. */
  FailingFiles before(Runnable each) {
    before = each;
    return this;
  }

  /** Steps since counting began. */
  int steps() {
    return steps;
  }

  private void step(Path path) throws IOException {
    before.run();
    if (fails.test(++steps)) {
      throw new FileSystemException(path.toString(), null, "step " + steps + " fails");
    }
  }

  /** The same path, whose steps are counted. */
  Path path(Path path) {
    return (Path)
        Proxy.newProxyInstance(
            Wrapped.class.getClassLoader(),
            new Class<?>[] {Path.class, Wrapped.class},
            (proxy, method, arguments) -> {
              Object[] plain = arguments == null ? new Object[0] : arguments.clone();
              for (int i = 0; i < plain.length; i++) {
                plain[i] = plain[i] instanceof Wrapped wrapped ? wrapped.unwrapped() : plain[i];
              }
              if (method.getName().equals("unwrapped")) {
                return path;
              } else if (method.getName().equals("getFileSystem")) {
                return system;
              }
              try {
                return wrap(method.invoke(path, plain));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private Object wrap(Object result) {
    if (result instanceof Path made) {
      return path(made);
    }
    if (result instanceof Iterator<?> parts) {
      return new Iterator<Object>() {
        @Override
        public boolean hasNext() {
          return parts.hasNext();
        }

        @Override
        public Object next() {
          return wrap(parts.next());
        }
      };
    }
    return result;
  }

  /** What the proxies are, beside paths. */
  interface Wrapped {
    /** The machine's path. */
    Path unwrapped();
  }

  private static Path plain(Path path) {
    return path instanceof Wrapped wrapped ? wrapped.unwrapped() : path;
  }

  @Override
  public String getScheme() {
    return "failing";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return system;
  }

  @Override
  public Path getPath(URI uri) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    if (options.contains(StandardOpenOption.WRITE)) {
      step(path);
    }
    return real.newByteChannel(plain(path), options, attributes);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    DirectoryStream<Path> content =
        real.newDirectoryStream(plain(folder), path -> filter.accept(path(path)));
    return new DirectoryStream<>() {
      @Override
      @SuppressWarnings("unchecked")
      public Iterator<Path> iterator() {
        return (Iterator<Path>) wrap(content.iterator());
      }

      @Override
      public void close() throws IOException {
        content.close();
      }
    };
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    step(folder);
    real.createDirectory(plain(folder), attributes);
  }

  @Override
  public void createLink(Path link, Path file) throws IOException {
    step(link);
    real.createLink(plain(link), plain(file));
  }

  @Override
  public void delete(Path path) throws IOException {
    step(path);
    real.delete(plain(path));
  }

  @Override
  public void copy(Path from, Path to, CopyOption... options) throws IOException {
    step(to);
    real.copy(plain(from), plain(to), options);
  }

  @Override
  public void move(Path from, Path to, CopyOption... options) throws IOException {
    step(to);
    real.move(plain(from), plain(to), options);
  }

  @Override
  public boolean isSameFile(Path a, Path b) throws IOException {
    return real.isSameFile(plain(a), plain(b));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return real.isHidden(plain(path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return real.getFileStore(plain(path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    real.checkAccess(plain(path), modes);
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return real.getFileAttributeView(plain(path), type, options);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    return real.readAttributes(plain(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    return real.readAttributes(plain(path), names, options);
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options)
      throws IOException {
    real.setAttribute(plain(path), name, value, options);
  }

  /** Only what a path needs of its file system. */
  private final class Failing extends FileSystem {
    private final FileSystem machine = java.nio.file.FileSystems.getDefault();

    @Override
    public FileSystemProvider provider() {
      return FailingFiles.this;
    }

    @Override
    public void close() {}

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public boolean isReadOnly() {
      return false;
    }

    @Override
    public String getSeparator() {
      return machine.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
      return machine.getRootDirectories();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
      return machine.getFileStores();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
      return machine.supportedFileAttributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
      return path(machine.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
      return machine.getPathMatcher(pattern);
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
      return machine.getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
      throw new UnsupportedOperationException();
    }
  }
}
