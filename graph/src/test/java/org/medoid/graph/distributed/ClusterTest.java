package org.medoid.graph.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What TF_CONFIG may say, and what it is told otherwise. */
class ClusterTest {
  private static final String TASK = "'task':{'type':'worker','index':0}";

  private static Cluster parsed(String config) {
    return Cluster.parse(config.replace('\'', '"')).orElseThrow();
  }

  @Test
  void theFirstWorkerLeads() {
    Cluster cluster =
        parsed(
            "{'cluster':{'worker':['a:1','b.example:65535']},'task':{'type':'worker','index':1}}");
    assertThat(cluster.workers()).containsExactly("a:1", "b.example:65535");
    assertThat(cluster.rank()).isEqualTo(1);
  }

  @Test
  void aChiefLeadsTheWorkers() {
    String cluster = "{'cluster':{'worker':['a:1','b:2'],'chief':['c:3'],'ps':[]},'task':";
    assertThat(parsed(cluster + "{'type':'chief','index':0}}"))
        .isEqualTo(parsed("{'cluster':{'worker':['c:3','a:1','b:2']}," + TASK + "}"));
    assertThat(parsed(cluster + "{'type':'worker','index':'1'}}").rank()).isEqualTo(2);
  }

  @Test
  void whatKubeflowWritesBesideIsLeftAlone() {
    assertThat(
            parsed(
                    "{'cluster':{'worker':['job-worker-0.default.svc:2222']},"
                        + TASK
                        + ",'environment':'cloud','rpc_layer':'grpc'}")
                .workers())
        .hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "{}", "{\"cluster\":{}}", "{\"cluster\":null,\"task\":{}}"})
  void withoutAClusterTheProcessIsAlone(String config) {
    assertThat(Cluster.parse(config)).isEmpty();
  }

  @Test
  void itSaysItselfAsItIsParsed() {
    Cluster cluster = parsed("{'cluster':{'worker':['[::1]:1','b:2']}," + TASK + "}");
    assertThat(Cluster.parse(cluster.seenBy(1).config())).contains(cluster.seenBy(1));
    assertThat(cluster.peer(0).host()).isEqualTo("::1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{                                                    | is not JSON",
        "[1]                                                  | must be a JSON object",
        "7                                                    | must be a JSON object",
        "{'cluster':{'worker':['a:1']},'cluster':{}}          | is not JSON: Duplicate field",
        "{'cluster':{'worker':['a:1']},TASK} x                | is not JSON",
        "{TASK}                                               | has a task, but no cluster",
        "{'cluster':['a:1'],TASK}                             | cluster must be an object",
        "{'cluster':{'worker':'a:1'},TASK}                    | cluster.worker must be a list",
        "{'cluster':{'worker':{'0':'a:1'}},TASK}              | cluster.worker must be a list",
        "{'cluster':{'worker':[7]},TASK}                      | cluster.worker: 7 is no address",
        "{'cluster':{'worker':[]},'task':{}}                  | must name the workers",
        "{'cluster':{'worker':[]},TASK}                       | must name the workers",
        "{'cluster':{'worker':['a:1','a:1']},TASK}            | the same address, a:1",
        "{'cluster':{'worker':['a']},TASK}                    | 'a' is no address",
        "{'cluster':{'worker':['a:']},TASK}                   | 'a:' is no address",
        "{'cluster':{'worker':[':1']},TASK}                   | ':1' is no address",
        "{'cluster':{'worker':['a:0']},TASK}                  | the port from 1 to 65535",
        "{'cluster':{'worker':['a:65536']},TASK}              | the port from 1 to 65535",
        "{'cluster':{'worker':['a:x']},TASK}                  | 'a:x' is no address",
        "{'cluster':{'worker':['::1:5']},TASK}                | '::1:5' is no address",
        "{'cluster':{'worker':['grpc://a:1']},TASK}           | is no address",
        "{'cluster':{'worker':['a:1'],'ps':['b:1']},TASK}     | cluster.ps: there are workers",
        "{'cluster':{'worker':['a:1'],'evaluator':['b:1']},TASK} | cluster.evaluator",
        "{'cluster':{'chief':['a:1','b:1']},TASK}             | cluster.chief must be one address",
        "{'cluster':{'worker':['a:1']}}                       | task must be an object",
        "{'cluster':{'worker':['a:1']},'task':'worker'}       | task must be an object",
        "{'cluster':{'worker':['a:1']},'task':{'index':0}}    | task.type must be worker, not"
            + " missing",
        "{'cluster':{'worker':['a:1']},'task':{'type':'chief','index':0}} | task.type must be"
            + " worker",
        "{'cluster':{'chief':['a:1']},'task':{'type':'ps','index':0}} | worker or chief, not"
            + " `'ps'`",
        "{'cluster':{'worker':['a:1']},'task':{'type':'worker'}} | task.index must be a number",
        "{'cluster':{'worker':['a:1']},'task':{'type':'worker','index':0.5}} | not 0.5",
        "{'cluster':{'worker':['a:1']},'task':{'type':'worker','index':'one'}} | task.index",
        "{'cluster':{'worker':['a:1']},'task':{'type':'worker','index':-1}} | task.index must be"
            + " below",
        "{'cluster':{'worker':['a:1']},'task':{'type':'worker','index':1}} | addresses, 1, not 1",
      })
  void nonsenseIsOneLineThatSaysWhere(String config, String told) {
    String json = config.replace("TASK", TASK).replace('\'', '"');
    assertThatThrownBy(() -> Cluster.parse(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("TF_CONFIG")
        .hasMessageContaining(told.replace("`", "").replace("'ps'", "\"ps\""))
        .hasMessageNotContaining("\n");
  }
}
