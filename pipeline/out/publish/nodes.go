package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
)

// node is a server that holds the copy or a part of it.
type node struct {
	*clickhouse.Conn
	shard int // from 0; -1 = it receives queries and has no rows
}

// nodes are all servers, and the number of their shards. The first node assigns the ids.
type nodes struct {
	all    []*node
	shards int
}

// of returns the servers of a shard: each has all of its rows.
func (n *nodes) of(shard int) []*node {
	var out []*node
	for _, one := range n.all {
		if one.shard == shard {
			out = append(out, one)
		}
	}
	return out
}

// holders returns the servers that have rows.
func (n *nodes) holders() []*node {
	return slices.DeleteFunc(slices.Clone(n.all), func(one *node) bool { return one.shard < 0 })
}

func (n *nodes) close() error {
	var err error
	for _, one := range n.all {
		err = errors.Join(err, one.Close())
	}
	return err
}

// each calls do for every server concurrently.
func each(ctx context.Context, list []*node, do func(context.Context, *node) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range list {
		group.Go(func() error { return do(ctx, n) })
	}
	return group.Wait()
}

// NoClusterError reports that the server does not know the cluster.
type NoClusterError struct {
	Server, Cluster string
	Known           []string
}

// Error names the cluster.
func (e *NoClusterError) Error() string {
	return fmt.Sprintf("clickhouse %s: no cluster %q in system.clusters", e.Server, e.Cluster)
}

// Hint lists the known clusters.
func (e *NoClusterError) Hint() string {
	return fmt.Sprintf("set clickhouse.cluster to one of %q", e.Known)
}

// connect connects to the server of the dsn and, with a cluster, to every server of it.
func connect(ctx context.Context, o clickhouse.Options, cluster string) (all *nodes, err error) {
	o.Database = "system" // statements qualify names: the database may not exist yet
	first, err := clickhouse.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	all = &nodes{all: []*node{{Conn: first}}, shards: 1}
	if cluster == "" {
		return all, nil
	}
	members, err := readCluster(ctx, first, cluster)
	if err != nil {
		return nil, errors.Join(err, all.close())
	}
	all.all[0].shard = -1
	for _, m := range members {
		all.shards = max(all.shards, m.shard+1)
		if m.local {
			all.all[0].shard = m.shard
			continue
		}
		conn, err := clickhouse.Open(ctx, o.At(m.host, m.port))
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all.all = append(all.all, &node{Conn: conn, shard: m.shard})
	}
	return all, nil
}

// member is a server in system.clusters.
type member struct {
	host  string
	port  int
	shard int
	local bool
}

// readCluster lists a cluster's servers by shard and replica.
func readCluster(ctx context.Context, c *clickhouse.Conn, cluster string) ([]member, error) {
	var list []member
	var host string
	var port uint16
	var shard uint32
	var local uint8
	err := c.Each(ctx, clickhouse.Select{
		What: "read system.clusters",
		SQL: "SELECT host_name, port, shard_num, is_local FROM system.clusters WHERE cluster = ? " +
			"ORDER BY shard_num, replica_num",
		Args: []any{cluster}, Into: []any{&host, &port, &shard, &local}, Begin: func() { list = nil },
	}, func() error {
		list = append(list, member{host, int(port), int(shard) - 1, local != 0})
		return nil
	})
	if err != nil || len(list) > 0 {
		return list, err
	}
	e := &NoClusterError{Server: c.Address(), Cluster: cluster}
	err = c.Each(ctx, clickhouse.Select{
		What: "read system.clusters", SQL: "SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster",
		Into: []any{&host}, Begin: func() { e.Known = nil },
	}, func() error {
		e.Known = append(e.Known, host)
		return nil
	})
	return nil, errors.Join(err, e)
}
