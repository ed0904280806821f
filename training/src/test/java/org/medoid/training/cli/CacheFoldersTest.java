package org.medoid.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFoldersTest {
  @TempDir private Path folder;

  @Test
  void aHomeThatIsNoneOrAFileOrHasACacheThatIsAFileHoldsNoCaches() throws Exception {
    assertThat(CacheFolders.holdsCaches("?")).isFalse(); // Java's word for a user without a home
    assertThat(Path.of("?")).doesNotExist();
    assertThat(CacheFolders.holdsCaches(null)).isFalse();
    assertThat(CacheFolders.holdsCaches(Files.createFile(folder.resolve("file")).toString()))
        .isFalse();
    Path home = Files.createDirectory(folder.resolve("home"));
    assertThat(CacheFolders.holdsCaches(home.toString())).isTrue();
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.createFile(other.resolve(".cache"));
    assertThat(CacheFolders.holdsCaches(other.toString())).isFalse();
  }

  /** JavaCPP unpacks TensorFlow anew where the zone is not that of the start before. */
  @Test
  void startsInSeveralTimeZonesShareOneCache() throws Exception {
    TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
    CacheFolders.prepare();
    assertThat(TimeZone.getDefault().getID()).isEqualTo("UTC");
  }

  @Test
  void theFolderInsteadIsTheSameInEachRunAndNobodyElses() throws Exception {
    Path own = CacheFolders.privateFolder(folder);
    assertThat(CacheFolders.privateFolder(folder)).isEqualTo(own);
    if (Files.getFileStore(own).supportsFileAttributeView("posix")) {
      assertThat(Files.getPosixFilePermissions(own)).hasSize(3);
    }
    Files.delete(own);
    Files.createFile(own); // somebody else's
    assertThat(CacheFolders.privateFolder(folder)).isNotEqualTo(own).isEmptyDirectory();
  }

  /** A link to nothing is not there for who looks, and is in the way: as if another made it now. */
  @Test
  void aFolderThatAnotherMakesAtTheSameMomentIsNoFailure() throws Exception {
    Path own = CacheFolders.privateFolder(folder);
    Files.delete(own);
    Files.createSymbolicLink(own, folder.resolve("nothing"));
    assertThat(CacheFolders.privateFolder(folder)).isNotEqualTo(own).isEmptyDirectory();
  }
}
